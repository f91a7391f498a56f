// SPDX-License-Identifier: GPL-2.0-only
#include "camera.h"

#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <media/v4l2-ctrls.h>
#include <media/v4l2-device.h>
#include <media/v4l2-ioctl.h>
#include <media/videobuf2-v4l2.h>
#include <media/videobuf2-vmalloc.h>

#include "picture.h"

#define BUFFERS_MIN 2
/* Asked for: an emulated machine has long pauses. */
#define BUFFERS_LONG_PAUSE 8

struct camera {
	struct v4l2_device v4l2;
	struct video_device node;
	struct vb2_queue queue;
	struct v4l2_ctrl_handler controls;
	struct mutex lock; /* of node and queue */
	u32 tag;
	unsigned int fps;
	struct task_struct *thread;
	spinlock_t waiting_lock;
	struct list_head waiting; /* struct buffer */
	u32 counter;              /* since it was plugged in: streams go on counting */
	u32 sequence;             /* since the start of the stream */
};

struct buffer {
	struct vb2_v4l2_buffer vb;
	struct list_head list;
};

static struct buffer *take(struct camera *camera)
{
	struct buffer *buffer;

	spin_lock(&camera->waiting_lock);
	buffer = list_first_entry_or_null(&camera->waiting, struct buffer, list);
	if (buffer)
		list_del(&buffer->list);
	spin_unlock(&camera->waiting_lock);
	return buffer;
}

/* A picture for which there is no buffer is lost, as in hardware: the numbers tell. */
static void give(struct camera *camera, ktime_t taken)
{
	struct buffer *buffer = take(camera);
	u32 counter = camera->counter++, sequence = camera->sequence++;

	if (!buffer)
		return;
	picture_draw(vb2_plane_vaddr(&buffer->vb.vb2_buf, 0), camera->tag, counter);
	vb2_set_plane_payload(&buffer->vb.vb2_buf, 0, PICTURE_SIZE);
	buffer->vb.sequence = sequence;
	buffer->vb.field = V4L2_FIELD_NONE;
	buffer->vb.vb2_buf.timestamp = ktime_to_ns(taken);
	vb2_buffer_done(&buffer->vb.vb2_buf, VB2_BUF_STATE_DONE);
}

/* Late, it gives all that are due: hardware would have had no pause. */
static int run(void *data)
{
	struct camera *camera = data;
	u64 period = NSEC_PER_SEC / camera->fps;
	ktime_t due = ktime_add_ns(ktime_get(), period);

	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!kthread_should_stop() && ktime_before(ktime_get(), due))
			schedule_hrtimeout(&due, HRTIMER_MODE_ABS);
		__set_current_state(TASK_RUNNING);
		for (; !kthread_should_stop() && !ktime_before(ktime_get(), due);
		     due = ktime_add_ns(due, period))
			give(camera, due);
	}
	return 0;
}

static int queue_setup(struct vb2_queue *queue, unsigned int *n_buffers, unsigned int *n_planes,
		       unsigned int sizes[], struct device *devices[])
{
	if (*n_planes)
		return *n_planes == 1 && sizes[0] >= PICTURE_SIZE ? 0 : -EINVAL;
	*n_planes = 1;
	sizes[0] = PICTURE_SIZE;
	return 0;
}

static int buffer_prepare(struct vb2_buffer *vb)
{
	return vb2_plane_size(vb, 0) >= PICTURE_SIZE ? 0 : -EINVAL;
}

static void buffer_queue(struct vb2_buffer *vb)
{
	struct camera *camera = vb2_get_drv_priv(vb->vb2_queue);
	struct buffer *buffer = container_of(to_vb2_v4l2_buffer(vb), struct buffer, vb);

	spin_lock(&camera->waiting_lock);
	list_add_tail(&buffer->list, &camera->waiting);
	spin_unlock(&camera->waiting_lock);
}

static void return_all(struct camera *camera, enum vb2_buffer_state state)
{
	struct buffer *buffer;

	while ((buffer = take(camera)))
		vb2_buffer_done(&buffer->vb.vb2_buf, state);
}

static int start_streaming(struct vb2_queue *queue, unsigned int n)
{
	struct camera *camera = vb2_get_drv_priv(queue);
	struct task_struct *thread;

	camera->sequence = 0;
	thread = kthread_run(run, camera, "%s", video_device_node_name(&camera->node));
	if (IS_ERR(thread)) {
		return_all(camera, VB2_BUF_STATE_QUEUED);
		return PTR_ERR(thread);
	}
	camera->thread = thread;
	return 0;
}

static void stop_streaming(struct vb2_queue *queue)
{
	struct camera *camera = vb2_get_drv_priv(queue);

	kthread_stop(camera->thread);
	camera->thread = NULL;
	return_all(camera, VB2_BUF_STATE_ERROR);
}

static const struct vb2_ops queue_ops = {
	.queue_setup = queue_setup,
	.buf_prepare = buffer_prepare,
	.buf_queue = buffer_queue,
	.start_streaming = start_streaming,
	.stop_streaming = stop_streaming,
	.wait_prepare = vb2_ops_wait_prepare,
	.wait_finish = vb2_ops_wait_finish,
};

static int query_capability(struct file *file, void *fh, struct v4l2_capability *ret)
{
	struct camera *camera = video_drvdata(file);

	strscpy(ret->driver, KBUILD_MODNAME, sizeof(ret->driver));
	strscpy(ret->card, camera->node.name, sizeof(ret->card));
	return 0;
}

static int enumerate_formats(struct file *file, void *fh, struct v4l2_fmtdesc *ret)
{
	if (ret->index)
		return -EINVAL;
	ret->pixelformat = V4L2_PIX_FMT_NV12;
	return 0;
}

/* There is one format. */
static int the_format(struct file *file, void *fh, struct v4l2_format *ret)
{
	ret->fmt.pix = (struct v4l2_pix_format){
		.width = PICTURE_WIDTH,
		.height = PICTURE_HEIGHT,
		.pixelformat = V4L2_PIX_FMT_NV12,
		.field = V4L2_FIELD_NONE,
		.bytesperline = PICTURE_STRIDE,
		.sizeimage = PICTURE_SIZE,
		.colorspace = V4L2_COLORSPACE_REC709,
	};
	return 0;
}

static int set_format(struct file *file, void *fh, struct v4l2_format *ret)
{
	struct camera *camera = video_drvdata(file);

	return vb2_is_busy(&camera->queue) ? -EBUSY : the_format(file, fh, ret);
}

static int enumerate_sizes(struct file *file, void *fh, struct v4l2_frmsizeenum *ret)
{
	if (ret->index || ret->pixel_format != V4L2_PIX_FMT_NV12)
		return -EINVAL;
	ret->type = V4L2_FRMSIZE_TYPE_DISCRETE;
	ret->discrete.width = PICTURE_WIDTH;
	ret->discrete.height = PICTURE_HEIGHT;
	return 0;
}

static int the_rate(struct file *file, void *fh, struct v4l2_streamparm *ret)
{
	struct camera *camera = video_drvdata(file);

	if (ret->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
		return -EINVAL;
	ret->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
	ret->parm.capture.timeperframe.numerator = 1;
	ret->parm.capture.timeperframe.denominator = camera->fps;
	ret->parm.capture.readbuffers = BUFFERS_MIN;
	return 0;
}

static int enumerate_inputs(struct file *file, void *fh, struct v4l2_input *ret)
{
	if (ret->index)
		return -EINVAL;
	ret->type = V4L2_INPUT_TYPE_CAMERA;
	strscpy(ret->name, "Camera", sizeof(ret->name));
	return 0;
}

static int get_input(struct file *file, void *fh, unsigned int *ret)
{
	*ret = 0;
	return 0;
}

static int set_input(struct file *file, void *fh, unsigned int input)
{
	return input ? -EINVAL : 0;
}

static const struct v4l2_ioctl_ops ioctl_ops = {
	.vidioc_querycap = query_capability,
	.vidioc_enum_fmt_vid_cap = enumerate_formats,
	.vidioc_g_fmt_vid_cap = the_format,
	.vidioc_try_fmt_vid_cap = the_format,
	.vidioc_s_fmt_vid_cap = set_format,
	.vidioc_enum_framesizes = enumerate_sizes,
	.vidioc_g_parm = the_rate,
	.vidioc_s_parm = the_rate,
	.vidioc_enum_input = enumerate_inputs,
	.vidioc_g_input = get_input,
	.vidioc_s_input = set_input,
	.vidioc_reqbufs = vb2_ioctl_reqbufs,
	.vidioc_create_bufs = vb2_ioctl_create_bufs,
	.vidioc_querybuf = vb2_ioctl_querybuf,
	.vidioc_qbuf = vb2_ioctl_qbuf,
	.vidioc_dqbuf = vb2_ioctl_dqbuf,
	.vidioc_streamon = vb2_ioctl_streamon,
	.vidioc_streamoff = vb2_ioctl_streamoff,
};

static const struct v4l2_file_operations file_ops = {
	.owner = THIS_MODULE,
	.open = v4l2_fh_open,
	.release = vb2_fop_release,
	.unlocked_ioctl = video_ioctl2,
	.poll = vb2_fop_poll,
	.mmap = vb2_fop_mmap,
};

/* The last user has gone. */
static void release(struct v4l2_device *v4l2)
{
	struct camera *camera = container_of(v4l2, struct camera, v4l2);

	v4l2_ctrl_handler_free(&camera->controls);
	v4l2_device_unregister(v4l2);
	kfree(camera);
}

static int prepare_queue(struct camera *camera)
{
	struct vb2_queue *q = &camera->queue;

	q->type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
	q->io_modes = VB2_MMAP;
	q->drv_priv = camera;
	q->buf_struct_size = sizeof(struct buffer);
	q->ops = &queue_ops;
	q->mem_ops = &vb2_vmalloc_memops;
	q->timestamp_flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
	q->min_buffers_needed = BUFFERS_MIN;
	q->lock = &camera->lock;
	return vb2_queue_init(q);
}

static void prepare_node(struct camera *camera, const char *name)
{
	struct video_device *node = &camera->node;

	strscpy(node->name, name, sizeof(node->name));
	node->fops = &file_ops;
	node->ioctl_ops = &ioctl_ops;
	node->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
	node->v4l2_dev = &camera->v4l2;
	node->queue = &camera->queue;
	node->lock = &camera->lock;
	node->release = video_device_release_empty;
	video_set_drvdata(node, camera);
}

struct camera *camera_plug(struct device *parent, const char *name, u32 tag, unsigned int fps)
{
	struct camera *camera = kzalloc(sizeof(*camera), GFP_KERNEL);
	int r;

	if (!camera)
		return ERR_PTR(-ENOMEM);
	camera->tag = tag;
	camera->fps = fps;
	mutex_init(&camera->lock);
	spin_lock_init(&camera->waiting_lock);
	INIT_LIST_HEAD(&camera->waiting);
	r = v4l2_device_register(parent, &camera->v4l2);
	if (r) {
		kfree(camera);
		return ERR_PTR(r);
	}
	camera->v4l2.release = release;
	v4l2_ctrl_handler_init(&camera->controls, 1);
	v4l2_ctrl_new_std(&camera->controls, NULL, V4L2_CID_MIN_BUFFERS_FOR_CAPTURE, 1,
			  VIDEO_MAX_FRAME, 1, BUFFERS_LONG_PAUSE);
	camera->v4l2.ctrl_handler = &camera->controls;
	r = camera->controls.error ?: prepare_queue(camera);
	prepare_node(camera, name);
	if (!r)
		r = video_register_device(&camera->node, VFL_TYPE_VIDEO, -1);
	if (r) {
		v4l2_device_put(&camera->v4l2);
		return ERR_PTR(r);
	}
	return camera;
}

void camera_unplug(struct camera *camera)
{
	vb2_video_unregister_device(&camera->node);
	v4l2_device_disconnect(&camera->v4l2);
	v4l2_device_put(&camera->v4l2);
}
